import sys
import warnings
from pathlib import Path

# a picture has no place on earth; the reader of rasters says so each time
warnings.filterwarnings("ignore", message="Dataset has no geotransform")
sys.path.insert(0, str(Path(__file__).parent))
