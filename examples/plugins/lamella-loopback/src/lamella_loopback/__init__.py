"""A process group for Lamella: processes of one machine, over loopback sockets."""
