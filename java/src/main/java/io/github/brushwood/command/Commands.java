package io.github.brushwood.command;

import io.github.brushwood.session.options.Spec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All commands, in the order of the menu. */
public final class Commands {

	private Commands() {}

	public static List<BrushwoodCommand> all() {
		return Arrays.asList(new Segment(), new Open_Session(), new Open_HDF5(), new Open_OME_Zarr(),
			new Save_OME_Zarr(), new Annotate(), new Train_Model(), new Apply_Model(), new Apply_Model_To_Folder(),
			new Label_Objects(), new Measure_Objects(),
			new Pick_Object_Classes(), new Train_Object_Classes(), new Classify_Objects(), new Compare_Segmentations(),
			new Import_Objects(), new Export_Training_Pairs(), new Validate_Model(), new Suggest_Features(),
			new Show_Features(), new Model_Info(), new Brushwood_Preferences(), new Brushwood_Help());
	}

	static List<Spec> specs() {
		final List<Spec> specs = new ArrayList<>();
		for (final BrushwoodCommand command : all())
			specs.add(command.spec());
		return specs;
	}
}
