"""What a person looks at: snapshots and pictures of the world, the page that shows them, images and frames in files."""
