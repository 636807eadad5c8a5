"""`mxplans serve`: the queue, its execution and its front door as one supervised group of processes."""
