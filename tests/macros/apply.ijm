// Applies a model to an image and saves probabilities and labels as TIFF files.
//
// Argument, one per line: image, model, TIFF for the probabilities, TIFF for the labels.

arguments = split(getArgument(), "\n");
if (arguments.length != 4) exit("Give the paths named above, one per line.");

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
print("done");
