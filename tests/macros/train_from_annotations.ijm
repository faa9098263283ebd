// Trains a model from an image that has annotations in its overlay (saved by ImageJ after Brushwood Annotate), or from
// an image and a RoiSet zip.
//
// Argument, one per line: image, model, and if wanted a RoiSet zip.

arguments = split(getArgument(), "\n");
if (arguments.length < 2) exit("Give the paths named above, one per line.");

open(arguments[0]);
if (arguments.length > 2) run("Brushwood Annotate", "load_rois=[" + arguments[2] + "]");
run("Brushwood Train Model...", "model=[" + arguments[1] + "] features=balanced");
print("trained " + arguments[1]);
print("done");
