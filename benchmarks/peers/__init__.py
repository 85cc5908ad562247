"""Ours and the others, each as people would install and start it, all shown in the same browser."""
