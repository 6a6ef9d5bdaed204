"""What is seen of lines without anybody asking: their state scan by scan, their history, outages."""
