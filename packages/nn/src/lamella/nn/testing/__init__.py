"""What tests of nn's ops compare with. Never imported at run time."""
