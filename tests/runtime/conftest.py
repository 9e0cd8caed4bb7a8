import sys
from pathlib import Path

# The storage double belongs to the tests of the storage; the runtime is tested with it too.
sys.path.append(str(Path(__file__).parents[1] / "storage"))
# So does the server that hands out files.
sys.path.append(str(Path(__file__).parents[1] / "adapters"))
