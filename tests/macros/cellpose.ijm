// Cellpose's masks as strokes to train from, and Brushwood's objects as pairs of files that Cellpose trains from.
//
// Argument, one per line: image, beside which Cellpose wrote its masks (cells_cp_masks.png beside cells.tif); file for
// the model; folder for the pairs.

arguments = split(getArgument(), "\n");
if (arguments.length != 3) exit("Give the paths named above, one per line.");

// From Cellpose: each object without its rim becomes a stroke of a class, what is far from all one of another.
open(arguments[0]);
image = getTitle();
run("Brushwood Import Objects...", "as=annotations class=nuclei background=background erode=1 margin=2");
print("strokes " + Overlay.size);
run("Brushwood Train Model...", "model=[" + arguments[1] + "] features=fast");

// To Cellpose: name.tif and name_masks.tif.
run("Brushwood Label Objects...", "model=[" + arguments[1] + "]");
objects = getTitle();
getStatistics(area, mean, min, max);
print("objects " + max);
selectWindow(image);
run("Brushwood Export Training Pairs...", "output=[" + arguments[2] + "] layout=cellpose labels=[" + objects + "]");
print("done");
