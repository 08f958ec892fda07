#ifndef BT_CATALOGUE_WRITE_H
#define BT_CATALOGUE_WRITE_H

#include <stdio.h>

#include "scope/catalogue.h"

/* Writes a catalogue as a file, with every bit. Applied to the catalogue that it was written from it changes
 * nothing; applied to a new store it gives the same names and bits. What is built in is left out. Whether all of it
 * could be written, the stream knows. */
void bt_catalogue_write(const bt_catalogue *catalogue, FILE *out);

#endif
