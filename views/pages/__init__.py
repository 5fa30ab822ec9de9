"""One page of the app a file; the only room besides app.py that knows streamlit."""
