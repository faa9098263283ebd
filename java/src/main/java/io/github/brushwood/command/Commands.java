package io.github.brushwood.command;

import io.github.brushwood.session.options.Spec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All commands, in the order of the menu. */
public final class Commands {

	private Commands() {}

	public static List<BrushwoodCommand> all() {
		return Arrays.asList(new Segment(), new Open_Session(), new Open_HDF5(), new Annotate(), new Train_Model(),
			new Apply_Model(), new Apply_Model_To_Folder(), new Validate_Model(), new Suggest_Features(), new Show_Features(),
			new Model_Info(), new Brushwood_Preferences(), new Brushwood_Help());
	}

	static List<Spec> specs() {
		final List<Spec> specs = new ArrayList<>();
		for (final BrushwoodCommand command : all())
			specs.add(command.spec());
		return specs;
	}
}
