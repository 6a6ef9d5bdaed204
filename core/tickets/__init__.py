"""When something is wrong: help types and their solutions, tickets and their timelines."""
