// Compares a model with images whose truth is known and writes the scores as CSV.
//
// Argument, one per line: model, image, its truth (a label image), CSV file.

arguments = split(getArgument(), "\n");
if (arguments.length != 4) exit("Give the paths named above, one per line.");

// Several images and truths are separated by ';'.
run("Brushwood Validate Model...", "model=[" + arguments[0] + "] images=[" + arguments[1] + "] truth=[" + arguments[2] +
	"] csv=[" + arguments[3] + "]");

// The active image is the reliability diagram: how often a class occurs where it is given a probability.
print("active " + getTitle());

// With a display there are tables, too.
if (isOpen("Validation of " + File.getName(arguments[0]) + ": summary")) {
	print("accuracy " + Table.get("Accuracy", 0, "Validation of " + File.getName(arguments[0]) + ": summary"));
}
print("done");
