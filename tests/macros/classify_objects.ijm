// Classes of objects by example: learnt from examples on one image, applied to every image of a folder.
//
// Argument, one per line: label image, image of its intensities, examples as Brushwood Pick Object Classes records them
// (dim:3,5;bright:8,9), model to write, folder of label images, folder of their intensities (files of the same names),
// folder for the results.

arguments = split(getArgument(), "\n");
if (arguments.length != 7) exit("Give the paths named above, one per line.");
setBatchMode(true);

open(arguments[1]);
rename("intensities");
open(arguments[0]);
labels = getTitle();
run("Brushwood Train Object Classes...", "model=[" + arguments[3] + "] labels=[" + labels +
    "] image=intensities examples=[" + arguments[2] + "] measures=[shape;intensity]");
close("*");

files = getFileList(arguments[4]);
File.makeDirectory(arguments[6]);
for (i = 0; i < files.length; i++) {
    if (!endsWith(files[i], ".tif")) continue;
    open(arguments[5] + File.separator + files[i]);
    rename("intensities");
    open(arguments[4] + File.separator + files[i]);
    run("Brushwood Classify Objects...", "model=[" + arguments[3] + "] image=intensities csv=[" + arguments[6] +
        File.separator + replace(files[i], ".tif", ".csv") + "]");
    saveAs("Tiff", arguments[6] + File.separator + files[i]);
    bright = 0;
    for (row = 0; row < nResults; row++) if (getResultString("class", row) == "bright") bright++;
    print(files[i] + " " + nResults + " " + bright);
    close("*");
}
print("done");
