"""Every command of README.md and deploy/README.md runs as it is written; see newcomer.py."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

REPOSITORY = pathlib.Path(__file__).parents[2]
PROGRAM = REPOSITORY / ".build/debug/defender-bridge"


@unittest.skipUnless(os.geteuid() == 0, "only root can make namespaces")
class DocumentTests(unittest.TestCase):
    def test_every_command_runs_as_it_is_written(self):
        # All that it starts ends with the first process of its namespace of processes.
        script = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable]
            + [str(REPOSITORY / "Tests/DeploymentTests/newcomer.py"), str(PROGRAM)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.addCleanup(script.send_signal, signal.SIGKILL)
        output, _ = script.communicate(timeout=600)
        self.assertEqual(script.returncode, 0, output)


if __name__ == "__main__":
    unittest.main()
