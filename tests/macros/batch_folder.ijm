// Applies a model to every TIFF and PNG file of a folder and its subfolders. Existing results are kept, so a run that
// was stopped goes on where it was.
//
// Argument, one per line: model, input folder, output folder.

arguments = split(getArgument(), "\n");
if (arguments.length != 3) exit("Give the paths named above, one per line.");

run("Brushwood Apply Model to Folder...", "model=[" + arguments[0] + "] input=[" + arguments[1] + "] output=[" +
	arguments[2] + "] pattern=[*.tif;*.png] export=both recursive");
print("done");
