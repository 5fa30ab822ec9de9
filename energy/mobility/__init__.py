"""Energy and emissions of road traffic, street by street."""
