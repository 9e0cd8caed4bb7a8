import sys
from pathlib import Path

# Sounds and a server that hands out files are shared with the adapters' tests.
sys.path.append(str(Path(__file__).parents[1] / "adapters"))
