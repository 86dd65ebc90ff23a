# Installation: written with the first installed part.
