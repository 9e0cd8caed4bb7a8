"""How a robot hears: over stream connections, or by HTTP callbacks."""
