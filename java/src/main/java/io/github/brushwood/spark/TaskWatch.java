package io.github.brushwood.spark;

import java.io.PrintStream;

import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Counts tasks as they end and tells about it now and then. Spark calls it from one thread of its own. */
final class TaskWatch extends SparkListener {

	private static final long SILENCE = 30_000_000_000L; // nanoseconds

	private final PrintStream out;
	private long tasks;
	private long done;
	private long lost;
	private long milliseconds;
	private long told = System.nanoTime();

	TaskWatch(final PrintStream out) {
		this.out = out;
	}

	@Override
	public synchronized void onStageSubmitted(final SparkListenerStageSubmitted stage) {
		tasks = stage.stageInfo().numTasks();
		done = 0;
		milliseconds = 0;
	}

	@Override
	public synchronized void onTaskEnd(final SparkListenerTaskEnd end) {
		if (end.reason() == Success$.MODULE$) {
			done++;
			milliseconds += end.taskInfo().duration();
		}
		else {
			lost++;
			out.println("A task was lost: " + end.reason());
		}
		if (System.nanoTime() - told < SILENCE) return;
		told = System.nanoTime();
		out.println(done + " of " + tasks + " tasks are done.");
	}

	/** Tasks that ended without a result; Spark gave most of them to somebody else. */
	synchronized long lost() {
		return lost;
	}

	/** Time of the tasks of the last stage, as the driver sees it from sending to hearing of the end. */
	synchronized double seconds() {
		return milliseconds * 1e-3;
	}
}
