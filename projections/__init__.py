"""The readings: state rebuilt from entries, disposable at any time."""
