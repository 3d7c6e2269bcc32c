#!/bin/bash
# Where Airship's documents look for the image builder. It takes what that took, and what KRM functions take.
exec packer-plugin-airship build
