"""What vulnerability scanners said of images: the results, which image each of them is about, and what they come to."""
