// Applies a model to an image and saves probabilities and labels as TIFF files.
//
// Argument: image|model|probabilities.tif|labels.tif
// Example:  ImageJ --headless -macro apply.ijm "cells.tif|cells.brushwood|cells_p.tif|cells_l.tif"

arguments = split(getArgument(), "|");
if (arguments.length != 4) exit("The argument has to be image|model|probabilities.tif|labels.tif.");

open(arguments[0]);
image = getTitle();
run("Brushwood Apply Model...", "model=[" + arguments[1] + "] output=both");

// Of both results the labels are the active image; the probabilities are found by their title.
saveAs("Tiff", arguments[3]);
selectWindow("Probabilities of " + image);
getDimensions(width, height, channels, slices, frames);
print("classes " + channels + " slices " + slices + " frames " + frames);
saveAs("Tiff", arguments[2]);
print("applied " + arguments[1]);
