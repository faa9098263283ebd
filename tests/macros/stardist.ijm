// StarDist's Rois as a label image, and Brushwood's objects as pairs of files that StarDist trains from.
//
// Argument, one per line: image, StarDist's zip of Rois, file for their label image, model, folder for the pairs.

arguments = split(getArgument(), "\n");
if (arguments.length != 5) exit("Give the paths named above, one per line.");

// From StarDist: the Rois' positions say on which slice or frame of the image they lie.
open(arguments[0]);
image = getTitle();
run("Brushwood Import Objects...", "file=[" + arguments[1] + "]");
Stack.getStatistics(voxels, mean, min, max);
print("stars " + max);
saveAs("Tiff", arguments[2]);
close();

// To StarDist: images/name.tif and masks/name.tif, and the Rois of the same objects.
selectWindow(image);
run("Brushwood Label Objects...", "model=[" + arguments[3] + "]");
objects = getTitle();
selectWindow(image);
run("Brushwood Export Training Pairs...", "output=[" + arguments[4] + "] layout=[stardist;rois] labels=[" + objects + "]");
print("done");
