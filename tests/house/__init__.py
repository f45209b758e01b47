"""The rules of the house as plain functions over a source tree; knows nothing of pytest."""
