"""The first hour of a new operator: every command of every document, in order, as written.

    unshare --mount --net python3 newcomer.py PROGRAM FOLDER

Must be the first process of a mount namespace and a network namespace, as root. AWS is moto with the additions of
aws_stand_in.py; AWS STS and the APIs of AWS IoT and AWS Security Hub that the bridge uses are the stand-in that
`defender-bridge demo` starts. Files that commands install go to layers above /etc, /usr/local and the like, which end with the
namespace. Scripts that build and measure would take hours and are not run: they must exist and have the named benchmark. Blocks after
a comment `not run` are listed with their reason. The folder is an empty one for all files.

Prints each command with its output. Exits with 1 if a command fails unexpectedly.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import time

from documents import REPOSITORY, documents, fences

# The documents that set up what others use, each with the Region of its examples; then come all others.
FIRST = {"deploy/docs/install.md": "us-east-1", "README.md": "eu-central-1"}
LAYERED = ("/etc", "/usr/local", "/usr/lib/sysusers.d", "/var/lib")
ACCOUNT = "111122223333"
# Commands that fail at this point, with the reason.
EXPECTED = {
    "sudo defender-bridge check": "nothing is subscribed, and SNS cannot reach this machine",
    "defender-bridge check": "nothing is subscribed, and SNS cannot reach this machine",
    "defender-bridge dead-letters show": "no dead letter has this id",
    "defender-bridge dead-letters drop": "no dead letter has this id",
}


def blocks(document):
    """The shell commands of a document, each with its line and the reason why it is not run, if so."""
    for line, language, block, reason in fences(documents()[document]):
        if language == "sh":
            yield line, block, reason


def is_building(block):
    """Whether a block consists of scripts that build and measure; asserts that they exist."""
    lines = block.splitlines()
    if not all(line.startswith(("deploy/", "Tests/scripts/")) for line in lines):
        return False
    for line in lines:
        script, *arguments = line.partition("#")[0].split()
        text = (REPOSITORY / script).read_text()
        assert os.access(REPOSITORY / script, os.X_OK), script
        if script.endswith("benchmark.sh"):
            assert f"    {arguments[0]})\n" in text, line
    return True


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def isolate(scratch):
    """Puts layers above the directories that commands write to, and enables the loopback interface."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "newcomer", scratch)
    for path in LAYERED:
        upper, work = (scratch / (kind + path.replace("/", "-")) for kind in ("upper", "work"))
        upper.mkdir()
        work.mkdir()
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", path)
    # install.sh recognizes a running systemd by this directory.
    pathlib.Path("/run/systemd").mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "newcomer", "/run/systemd")
    pathlib.Path("/run/systemd/system").mkdir()
    run("ip", "link", "set", "lo", "up")
    pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")


def start(command, environment, until, clean_up=lambda *_: None):
    """Starts a process, waits until it has printed a pattern, and returns its output. Registers what ends the process."""
    log = tempfile.NamedTemporaryFile("w+")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    clean_up(process.wait)
    clean_up(process.terminate)
    while not re.search(until, text := pathlib.Path(log.name).read_text(), re.MULTILINE):
        if process.poll() is not None:
            raise RuntimeError(f"{command}: {text}")
        time.sleep(0.05)
    return text


def write(path, text, mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip())
    path.chmod(mode)


def shims(folder, program, home):
    """Programs that replace another user, an editor, systemd as init, and a build."""
    write(folder / "sudo", '#!/bin/bash\nexec "$@"\n')
    # Simulates only.
    write(folder / "apt-get", '#!/bin/bash\nexec /usr/bin/apt-get --simulate "$@" >/dev/null\n')
    write(
        folder / "swift",
        f"""
        #!/bin/bash
        # The tests' own build is there already. Of a test, only its name is checked.
        case "$*" in
            "build --configuration release --product defender-bridge --static-swift-stdlib")
                install -D {program} .build/release/defender-bridge
                ;;
            "build --build-tests" | "test --skip-build" | "format lint --strict --recursive --parallel Package.swift Sources Tests") ;;
            "test --filter "*) grep -rqE "(struct|enum|class) ${{3##*/}}\\b" {REPOSITORY}/Tests ;;
            *) exit 64 ;;
        esac
        """,
    )
    write(
        folder / "aws",
        f"""
        #!/bin/bash
        # The stand-in for the bridge has neither the account's audit configuration nor enabling Security Hub.
        export AWS_ENDPOINT_URL_IOT=$AWS_ENDPOINT_URL
        [ "$2" != enable-security-hub ] || export AWS_ENDPOINT_URL_SECURITYHUB=$AWS_ENDPOINT_URL
        exec {sys.executable} -c 'import sys; from awscli.clidriver import main; sys.exit(main())' "$@"
        """,
    )
    write(folder / "helm", f'#!/bin/bash\nexec {sys.executable} {REPOSITORY}/Tests/DeploymentTests/helm.py "$@"\n')
    write(
        folder / "editor",
        f"""
        #!{sys.executable}
        import sys, yaml
        topics = ["arn:aws:sns:us-east-1:{ACCOUNT}:device-defender-" + kind for kind in ("audit", "detect")]
        with open(sys.argv[1]) as file:
            configuration = yaml.safe_load(file)
        configuration["sns"]["topics"] = topics
        configuration["eventBridge"] = {{"apiKeyFile": "/etc/defender-bridge/event-bridge-key"}}
        with open(sys.argv[1], "w") as file:
            yaml.safe_dump(configuration, file)
        """,
    )
    write(
        folder / "systemctl",
        f"""
        #!/bin/bash
        # Starts the service like its unit, and waits until it listens.
        [ "$1" != is-active ] || exit 3
        [ "$1" != disable ] || kill $(<{home}/service)
        [ "$*" = "enable --now defender-bridge.socket defender-bridge.service" ] || exit 0
        ls /etc/systemd/system/defender-bridge.s* >/dev/null || exit 1
        BRIDGE_LISTEN_ADDRESS=0.0.0.0:443 BRIDGE_LOG_FORMAT=json setpriv --reuid=defender-bridge --regid=defender-bridge \\
            --init-groups /usr/local/bin/defender-bridge serve --config /etc/defender-bridge/bridge.yaml >{home}/journal 2>&1 &
        echo $! >{home}/service
        until grep -q "is listening" {home}/journal; do kill -0 $! || {{ cat {home}/journal; exit 1; }}; sleep 0.1; done
        """,
    )
    write(folder / "journalctl", f"#!/bin/bash\ncat {home}/journal\n")
    write(
        folder / "defender-bridge",
        """
        #!/bin/bash
        # A bridge that serves is stopped when it listens.
        program=/usr/local/bin/defender-bridge
        [ -x $program ] || program=.build/release/defender-bridge
        [ "$1" = serve ] || exec $program "$@"
        # The bridge of install.md has the admin address.
        $program "$@" --set admin.address=127.0.0.1:0 >served 2>&1 &
        until grep -q "is listening" served; do kill -0 $! || { cat served; exit 78; }; sleep 0.1; done
        kill $!
        wait $!
        """,
    )


def certificate():
    """Creates a certificate where the example configuration expects it."""
    folder = pathlib.Path("/etc/defender-bridge")
    folder.mkdir(mode=0o755)
    subject = ["-subj", "/CN=bridge.example.com", "-addext", "subjectAltName=DNS:bridge.example.com"]
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", *subject,
        "-keyout", folder / "key.pem", "-out", folder / "fullchain.pem", stderr=subprocess.DEVNULL,
    )
    (folder / "key.pem").chmod(0o644)


def stand_ins(program, inherited):
    """Starts the stand-ins, and returns the environment in which commands find them."""
    demo = start([program, "demo"], inherited, "get-findings")
    local = dict(re.findall(r"export (\w+)=(\S+)", demo))
    serving = "import aws_stand_in, sys; s = aws_stand_in.StandIn(); print(s.url, flush=True); s.server.serve_forever()"
    moto = start([sys.executable, "-c", serving], inherited | {"MOTO_ACCOUNT_ID": ACCOUNT}, r"^http\S+$").split()[0]
    own = {f"AWS_ENDPOINT_URL_{name}": local["AWS_ENDPOINT_URL"] for name in ("STS", "IOT", "SECURITYHUB")}
    keys = {name: local[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return inherited | own | keys | region | {"AWS_ENDPOINT_URL": moto, "AWS_PAGER": ""}


def prepare(home, environment):
    """Creates what the documents expect: messages, a mapping, and topics in the Region of README.md's examples."""
    (home / "message.json").write_text((REPOSITORY / "Tests/DeploymentTests/message.json").read_text())
    text = (REPOSITORY / "deploy/docs/mappings.md").read_text()
    mapping, tests = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[:2]
    (home / "line-guard.yaml").write_text(mapping + tests)
    (home / "open.json").write_text(re.search(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1])
    for name in ("audit", "detect"):
        run(
            "aws", "sns", "create-topic", "--region", "eu-central-1", "--name", f"device-defender-{name}",
            env=environment, stdout=subprocess.DEVNULL,
        )


def session(home, environment):
    """Runs the commands of all documents in one shell, and returns those that failed."""
    # Of a pipeline or a list, the last command that fails counts, as a reader sees it.
    script = ["set -o pipefail", """trap 'echo "FAILED $? $BASH_COMMAND"' ERR"""]
    for document in list(FIRST) + [name for name in documents() if name not in FIRST]:
        region = FIRST.get(document, "eu-central-1")
        script.append(f"export AWS_REGION={region} AWS_DEFAULT_REGION={region}")
        for line, block, reason in blocks(document):
            if reason:
                script.append(f"echo {shlex.quote(f'## {document}:{line} is not run: {reason}')}")
            elif not is_building(block):
                script += [f"echo '## {document}:{line}'", f"cat <<'NEWCOMER'\n{block}NEWCOMER", block]
    done = subprocess.run(
        ["bash", "--norc"], input="\n".join(script) + "\necho DONE\n", cwd=home, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    print(done.stdout)
    failed = re.findall(r"^FAILED (\d+) (.*)$", done.stdout, re.MULTILINE)
    if "\nDONE\n" not in done.stdout:
        failed.append(("?", "the shell did not reach the end"))
    return [(status, command) for status, command in failed if not any(command.startswith(each) for each in EXPECTED)]


def main(program, scratch):
    isolate(scratch)
    os.environ["TMPDIR"] = str(scratch)
    home = scratch / "home"
    shims(scratch / "bin", program, home)
    home.mkdir()
    run("cp", "-a", REPOSITORY / "deploy", home / "deploy")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BRIDGE_"))}
    inherited |= {"PATH": f"{scratch}/bin:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY / "Tests/DeploymentTests")}
    environment = stand_ins(program, inherited)
    # Commands for the queue do not name a configuration.
    environment["BRIDGE_STORE_URL"] = "sqlite:///var/lib/defender-bridge/store.db"
    os.environ["PATH"] = inherited["PATH"]
    certificate()
    prepare(home, environment)
    begin = time.monotonic()
    failed = session(home, environment)
    print(f"{time.monotonic() - begin:.0f} s")
    for status, command in failed:
        print(f"unexpected: {command}: exit code {status}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*(pathlib.Path(path).resolve() for path in sys.argv[1:])))
