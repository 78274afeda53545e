import CLinux
import Foundation
import Measure
import TestSupport
import Testing

@testable import Host

/// Runs statements in python3 with the path as `path`.
func python(_ statements: String, path: String) throws {
  try Command.run([
    "python3", "-c",
    "import sys, struct, zlib, os\npath = sys.argv[1]\n"
      + statements, path,
  ]).checked()
}

/// Writes an MBR with one Linux partition from sector 2048 to the end.
func writeMBR(_ path: String) throws {
  try python(
    """
    with open(path, 'r+b') as f:
      sectors = f.seek(0, 2) // 512 - 2048
      f.seek(440); f.write(struct.pack('<I', 0xA55A1234))
      f.seek(446); f.write(struct.pack('<B3sB3sII', 0, b'', 0x83, b'', 2048, sectors))
      f.seek(510); f.write(b'\\x55\\xaa')
      f.flush(); os.fsync(f.fileno())
    """, path: path)
}

/// Writes an MBR and tells the kernel of its partition, which a kernel without
/// CONFIG_MSDOS_PARTITION does not find itself.
func addPartition(_ loop: LoopDevice) throws {
  try writeMBR(loop.path)
  try Command.run(["blockdev", "--rereadpt", loop.path]).checked()
  if Files.exists(loop.path + "p1") { return }
  let sectors = try BlockDevice(path: loop.path).capacity.count / 512 - 2048
  try Command.run(["addpart", loop.path, "1", "2048", "\(sectors)"]).checked()
}

/// Writes the label of an LVM2 physical volume as lib/format_text/text_label.c lays it out.
func writeLVMLabel(_ path: String) throws {
  try python(
    """
    uuid = b'0Z1nuVUeHrYg3AxAjQbDqGIRMZpV1234'
    tail = struct.pack('<I8s', 32, b'LVM2 001') + uuid
    tail = tail.ljust(512 - 20, b'\\0')
    crc = zlib.crc32(tail, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
    with open(path, 'r+b') as f:
      f.seek(512); f.write(struct.pack('<8sQI', b'LABELONE', 1, crc) + tail)
      f.flush(); os.fsync(f.fileno())
    """, path: path)
}
