// Applies a model to every TIFF and PNG file of a folder and its subfolders. Existing results are kept, so a run that
// was stopped goes on where it was.
//
// Argument: model|input folder|output folder
// Example:  ImageJ --headless -macro batch_folder.ijm "cells.brushwood|/data/in|/data/out"

arguments = split(getArgument(), "|");
if (arguments.length != 3) exit("The argument has to be model|input folder|output folder.");

run("Brushwood Apply Model to Folder...", "model=[" + arguments[0] + "] input=[" + arguments[1] + "] output=[" +
	arguments[2] + "] pattern=[*.tif;*.png] export=both recursive");
print("batch finished");
