"""contained.py: nothing remains of a command, whether it ends or is interrupted, and what would have remained is listed."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CONTAINED = pathlib.Path(__file__).with_name("contained.py")


class ContainedTests(unittest.TestCase):
    def start(self, script):
        """Runs a script, which can write to a new directory by $0."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notes = pathlib.Path(folder.name)
        script = f'echo "$TMPDIR" >"$0/folder"\n{script}'
        return subprocess.Popen(
            [sys.executable, str(CONTAINED), "bash", "-c", script, str(self.notes)],
            env=os.environ | {"CONTAINED_GRACE": "0.5"}, stderr=subprocess.PIPE, text=True,
        )

    def note(self, name):
        """What the script wrote to a file."""
        end = time.monotonic() + 30
        while not (text := (self.notes / name).read_text() if (self.notes / name).exists() else "").endswith("\n"):
            self.assertLess(time.monotonic(), end, f"the script did not write {name}")
            time.sleep(0.02)
        return text.strip()

    def assert_nothing_remains(self):
        folder = self.note("folder")
        self.assertFalse(os.path.exists(folder))
        self.assertNotIn(folder, pathlib.Path("/proc/mounts").read_text())
        if (self.notes / "process").exists():
            self.assertFalse(os.path.exists(f"/proc/{self.note('process')}"))

    def test_the_exit_status_is_that_of_the_command(self):
        for status in (0, 3):
            process = self.start(f"exit {status}")
            self.assertEqual((process.wait(30), process.stderr.read()), (status, ""))
            process.stderr.close()
            self.assert_nothing_remains()

    def test_remains_are_listed_removed_and_an_error(self):
        mount = 'mkdir "$TMPDIR/disk"; mount -t tmpfs tmpfs "$TMPDIR/disk"' if os.geteuid() == 0 else ""
        process = self.start(
            f"""
            (env -i setsid sh -c 'cd /; trap "" TERM; echo $$ >"$0/process"; while :; do sleep 1; done' "$0" &)
            until [ -s "$0/process" ]; do sleep 0.02; done
            touch "$TMPDIR/data" "$TMPDIR/build.lock" "$TMPDIR/swift-generated-sources"
            {mount}
            """
        )
        _, errors = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1)
        self.assertIn(f"Left behind: process {self.note('process')}: ", errors)
        self.assertIn(f"Left behind: file: {self.note('folder')}/data\n", errors)
        self.assertNotIn("build.lock", errors)
        if mount:
            self.assertIn(f"Left behind: mount: {self.note('folder')}/disk\n", errors)
        self.assert_nothing_remains()

    def test_a_signal_ends_the_command_and_all_that_it_started(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                process = self.start("""(setsid sh -c 'echo $$ >"$0/process"; exec sleep 1000' "$0" &); sleep 1000""")
                self.note("process")
                process.send_signal(number)
                _, errors = process.communicate(timeout=30)
                self.assertEqual((process.returncode, errors), (128 + number, ""))
                self.assert_nothing_remains()


if __name__ == "__main__":
    unittest.main()
