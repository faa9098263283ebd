package io.github.brushwood.packaging;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** What a class file's header tells: its version and the texts of its constants, all names it refers to among them. */
final class ClassFile {

	private static final int MAGIC = 0xCAFEBABE;
	private static final int UTF8 = 1;
	private static final int LONG = 5;
	private static final int DOUBLE = 6;

	/** 52 is Java 8. */
	final int major;
	final Set<String> texts = new HashSet<>();

	ClassFile(final byte[] bytes) throws IOException {
		final DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
		if (in.readInt() != MAGIC) throw new IOException("not a class file");
		in.readUnsignedShort();
		major = in.readUnsignedShort();
		final int constants = in.readUnsignedShort();
		int i = 1;
		while (i < constants)
			i += readConstant(in);
	}

	/** Returns how many places of the table the constant takes. */
	private int readConstant(final DataInputStream in) throws IOException {
		final int tag = in.readUnsignedByte();
		if (tag == UTF8) texts.add(in.readUTF());
		else skip(in, length(tag));
		return tag == LONG || tag == DOUBLE ? 2 : 1;
	}

	private static void skip(final DataInputStream in, final int length) throws IOException {
		for (int i = 0; i < length; i++)
			in.readUnsignedByte();
	}

	/** Bytes after the tag. */
	private static int length(final int tag) throws IOException {
		switch (tag) {
			case LONG:
			case DOUBLE:
				return 8;
			case 3: // int
			case 4: // float
			case 9: // field
			case 10: // method
			case 11: // method of an interface
			case 12: // name and type
			case 17: // dynamic
			case 18: // invokedynamic
				return 4;
			case 15: // method handle
				return 3;
			case 7: // class
			case 8: // string
			case 16: // method type
			case 19: // module
			case 20: // package
				return 2;
			default:
				throw new IOException("constant of the unknown kind " + tag);
		}
	}
}
