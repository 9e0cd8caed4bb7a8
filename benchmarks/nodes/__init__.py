"""Several processes on one database while they are killed and stopped: is anything lost, doubled, or out of order?"""
