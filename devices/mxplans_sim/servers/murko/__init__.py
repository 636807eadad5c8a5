"""A stand-in for the Murko segmentation service: its wire protocol, with masks from the world's ground truth."""
