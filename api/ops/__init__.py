"""What operators and orchestrators ask of the process."""
