// Classifies an image with the plugin and draws the classes over it.
// Argument, one per line: image, model, PNG to write, label TIFF to write.

arguments = split(getArgument(), "\n");
image = arguments[0];
model = arguments[1];
colours = newArray("#0072b2", "#e69f00", "#009e73", "#cc79a7");
magnification = 2;

function enlarge(title, interpolation) {
	run("Scale...", "x=" + magnification + " y=" + magnification + " interpolation=" + interpolation +
		" process create title=[" + title + "]");
	return getImageID();
}

// Outline and a transparent fill of every class but the first, which is the background.
function draw(labels, picture, classes) {
	for (k = 2; k <= classes; k++) {
		selectImage(labels);
		setThreshold(k, k);
		run("Create Selection");
		if (selectionType() != -1) {
			selectImage(picture);
			run("Restore Selection");
			colour = colours[(k - 1) % colours.length];
			Overlay.addSelection("", 0, "#40" + substring(colour, 1));
			run("Restore Selection");
			Overlay.addSelection(colour, 1);
		}
		selectImage(labels);
		resetThreshold();
	}
}

open(image);
original = getImageID();
run("Brushwood Apply Model...", "model=[" + model + "] output=labels");
labels = getImageID();
saveAs("Tiff", arguments[3]);
getStatistics(area, mean, min, classes);
largeLabels = enlarge("labels", "None");
selectImage(original);
picture = enlarge("picture", "Bilinear");
run("Enhance Contrast", "saturated=0.35");
run("RGB Color");
draw(largeLabels, picture, classes);
selectImage(picture);
run("Select None");
run("Flatten");
saveAs("PNG", arguments[2]);
print("done");
