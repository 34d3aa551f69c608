"""Speed and memory of the estimators, as ratios measured in one run."""
