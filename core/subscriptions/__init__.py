"""What each customer runs: the plan, the line it ends on, and whether the line may be used."""
