// Trains a model from an image that has annotations in its overlay (saved by ImageJ after Brushwood Annotate), or from
// an image and a RoiSet zip.
//
// Argument: image|model, or image|model|rois.zip
// Example:  ImageJ --headless -macro train_from_annotations.ijm "cells.tif|cells.brushwood"

arguments = split(getArgument(), "|");
if (arguments.length < 2) exit("The argument has to be image|model or image|model|rois.zip.");

open(arguments[0]);
if (arguments.length > 2) run("Brushwood Annotate", "load_rois=[" + arguments[2] + "]");
run("Brushwood Train Model...", "model=[" + arguments[1] + "] features=balanced");
print("trained " + arguments[1]);
