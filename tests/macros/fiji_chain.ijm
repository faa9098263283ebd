// Brushwood's results in ImageJ's own commands: probabilities, mask and label image of one image are counted in five
// ways. Works without a display but for the ROI Manager.
//
// Argument, one per line: image, model, and if there is a display "manager".

arguments = split(getArgument(), "\n");
if (arguments.length < 2) exit("Give the paths named above, one per line.");
setOption("BlackBackground", true);
setBatchMode(true);
open(arguments[0]);
image = getTitle();

// Label image and mask of the objects; the label image is the active one.
run("Brushwood Label Objects...", "model=[" + arguments[1] + "] show=[labels;mask]");
getStatistics(area, mean, min, max);
print("objects " + max);

// 1. The label image in steps of one: every object is the particle of its number.
run("Duplicate...", "title=copy");
sum = 0;
for (number = 1; number <= max; number++) {
	selectWindow("copy");
	setThreshold(number, number);
	run("Create Selection");
	if (selectionType() >= 0) sum++;
	run("Select None");
}
resetThreshold();
close("copy");
print("numbers " + sum);

// 2. The mask as it is: objects that touch one another are one particle.
selectWindow("Mask of " + image);
print("binary " + is("binary"));
run("Analyze Particles...", "pixel display clear");
print("particles " + nResults);
run("Duplicate...", "title=split");
run("Watershed");
run("Analyze Particles...", "pixel display clear");
print("watershed " + nResults);
close("split");

// 3. Find Maxima on the distance of the mask: as many peaks as Watershed makes parts.
selectWindow("Mask of " + image);
run("Duplicate...", "title=distances");
run("Distance Map");
run("Find Maxima...", "prominence=0.5 output=[Single Points]");
getStatistics(area, mean);
print("maxima " + round(mean / 255 * getWidth() * getHeight()));
close();

// 4. Probabilities: threshold, mask, holes, particles.
selectWindow(image);
run("Brushwood Apply Model...", "model=[" + arguments[1] + "] output=probabilities");
run("Duplicate...", "title=nuclei duplicate channels=2");
setThreshold(0.5, 1);
run("Convert to Mask");
run("Fill Holes");
run("Watershed");
run("Analyze Particles...", "size=20-Infinity pixel display clear");
print("probabilities " + nResults);

// 5. The ROI Manager, from a file: one Roi for each object.
zip = getDirectory("temp") + "brushwood_chain_" + round(random * 1e9) + ".zip";
selectWindow(image);
run("Brushwood Label Objects...", "model=[" + arguments[1] + "] rois=[" + zip + "]");
if (arguments.length > 2) {
	selectWindow(image);
	roiManager("open", zip);
	run("Clear Results");
	roiManager("measure");
	print("manager " + roiManager("count") + " " + nResults);
}
ok = File.delete(zip);
print("done");
