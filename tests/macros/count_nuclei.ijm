// Counts objects: model -> probability of the second class -> threshold -> mask -> watershed -> particles.
//
// Argument, one per line: image, model.

arguments = split(getArgument(), "\n");
if (arguments.length != 2) exit("Give the paths named above, one per line.");

open(arguments[0]);
run("Brushwood Apply Model...", "model=[" + arguments[1] + "] output=probabilities");

// One channel per class; the nuclei are the second.
run("Duplicate...", "title=nuclei duplicate channels=2");
setThreshold(0.5, 1);
setOption("BlackBackground", true);
run("Convert to Mask");
run("Fill Holes");
run("Watershed");
run("Analyze Particles...", "size=20-Infinity pixel display clear");
print("count " + nResults);
print("done");
