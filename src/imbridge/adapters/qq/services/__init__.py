"""What the platform offers beyond messages in and out."""
