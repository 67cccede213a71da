"""What really lies in the boxes: the ground truth that the station is measured against."""
