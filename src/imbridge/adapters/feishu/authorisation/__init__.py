"""People who let the app act for them."""
