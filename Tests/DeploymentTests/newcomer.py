"""A newcomer's first hour: every command of deploy/README.md and README.md, in order, as it is written there.

    unshare --mount --net python3 newcomer.py PROGRAM

Must be the first process of a mount and a network namespace, as root. AWS is moto with what aws_stand_in.py adds; AWS STS, AWS
IoT's and AWS Security Hub's APIs, which the bridge uses, are the stand-in that `defender-bridge demo` starts. What the commands
install goes to layers above /etc, /usr/local and the like, which are gone with the namespace. Not run are the scripts that build
and measure, which would take hours: of these it is checked that they exist and have the benchmark that is named.

Prints each command with its output. Exits with 1 if a command fails that is not expected to.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import time

REPOSITORY = pathlib.Path(__file__).parents[2]
# With the Region of the examples.
DOCUMENTS = {"deploy/README.md": "us-east-1", "README.md": "eu-central-1"}
LAYERED = ("/etc", "/usr/local", "/usr/lib/sysusers.d", "/var/lib")
ACCOUNT = "111122223333"
# Commands that fail at this point, and why.
EXPECTED = {
    "sudo defender-bridge check": "nothing is subscribed, and SNS cannot reach this machine",
    "defender-bridge dead-letters show": "there is no dead letter of this id",
    "defender-bridge dead-letters drop": "there is no dead letter of this id",
}


def blocks(document):
    """The shell commands of a document, each with its line."""
    text = (REPOSITORY / document).read_text()
    for match in re.finditer(r"^( *)```sh\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
        yield text[: match.start()].count("\n") + 2, textwrap.dedent(match[2])


def is_building(block):
    """Whether a block consists of scripts that build and measure; checks that they exist."""
    lines = block.splitlines()
    if not all(line.startswith("deploy/") for line in lines):
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
    """Puts layers above the folders into which commands write, and turns the loopback interface on."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "newcomer", scratch)
    for path in LAYERED:
        upper, work = (scratch / (kind + path.replace("/", "-")) for kind in ("upper", "work"))
        upper.mkdir()
        work.mkdir()
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={path},upperdir={upper},workdir={work}", path)
    # By this folder, install.sh knows that systemd runs.
    pathlib.Path("/run/systemd").mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "newcomer", "/run/systemd")
    pathlib.Path("/run/systemd/system").mkdir()
    run("ip", "link", "set", "lo", "up")
    pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")


def start(command, environment, until):
    """Starts a process, waits until it has printed a pattern, and gives what it printed."""
    log = tempfile.NamedTemporaryFile("w+")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
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
    """Programs that stand for what cannot be had here: another user, an editor, systemd as init, and a build."""
    write(folder / "sudo", '#!/bin/bash\nexec "$@"\n')
    # Only says what it would install.
    write(folder / "apt-get", '#!/bin/bash\nexec /usr/bin/apt-get --simulate "$@" >/dev/null\n')
    write(
        folder / "swift",
        f"""
        #!/bin/bash
        # The build that deploy/dependencies.sh and the Dockerfile do, which is done already.
        [ "$*" = "build --configuration release --product defender-bridge --static-swift-stdlib" ] || exit 64
        install -D {program} .build/release/defender-bridge
        """,
    )
    write(
        folder / "aws",
        f"""
        #!/bin/bash
        # What the stand-in for the bridge does not have: the account's audit configuration, and turning Security Hub on.
        export AWS_ENDPOINT_URL_IOT=$AWS_ENDPOINT_URL
        [ "$2" != enable-security-hub ] || export AWS_ENDPOINT_URL_SECURITYHUB=$AWS_ENDPOINT_URL
        exec {sys.executable} -c 'import sys; from awscli.clidriver import main; sys.exit(main())' "$@"
        """,
    )
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
        # Starts the service as its unit says, and waits until it listens.
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
        # A service that runs until it is stopped is stopped when it listens.
        program=/usr/local/bin/defender-bridge
        [ -x $program ] || program=.build/release/defender-bridge
        [ "$1" = serve ] || exec $program "$@"
        # The bridge of deploy/README.md has the admin address.
        $program "$@" --set admin.address=127.0.0.1:0 >served 2>&1 &
        until grep -q "is listening" served; do kill -0 $! || { cat served; exit 78; }; sleep 0.1; done
        kill $!
        wait $!
        """,
    )


def certificate():
    """A certificate where the example of the configuration has it."""
    folder = pathlib.Path("/etc/defender-bridge")
    folder.mkdir(mode=0o755)
    subject = ["-subj", "/CN=bridge.example.com", "-addext", "subjectAltName=DNS:bridge.example.com"]
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", *subject,
        "-keyout", folder / "key.pem", "-out", folder / "fullchain.pem", stderr=subprocess.DEVNULL,
    )
    (folder / "key.pem").chmod(0o644)


def stand_ins(program, inherited):
    """The environment in which commands find AWS."""
    demo = start([program, "demo"], inherited, "get-findings")
    local = dict(re.findall(r"export (\w+)=(\S+)", demo))
    serving = "import aws_stand_in, sys; s = aws_stand_in.StandIn(); print(s.url, flush=True); s.server.serve_forever()"
    moto = start([sys.executable, "-c", serving], inherited | {"MOTO_ACCOUNT_ID": ACCOUNT}, r"^http\S+$").split()[0]
    own = {f"AWS_ENDPOINT_URL_{name}": local["AWS_ENDPOINT_URL"] for name in ("STS", "IOT", "SECURITYHUB")}
    keys = {name: local[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return inherited | own | keys | region | {"AWS_ENDPOINT_URL": moto, "AWS_PAGER": ""}


def prepare(home, environment):
    """What the documents take for granted: a message, and topics in the Region of README's examples."""
    (home / "message.json").write_text((REPOSITORY / "Tests/DeploymentTests/message.json").read_text())
    for name in ("audit", "detect"):
        run(
            "aws", "sns", "create-topic", "--region", "eu-central-1", "--name", f"device-defender-{name}",
            env=environment, stdout=subprocess.DEVNULL,
        )


def session(home, environment):
    """Runs the commands of all documents in one shell; gives those that failed."""
    # Of a pipeline or a list, the last command that fails counts, as it does to a reader.
    script = ["set -o pipefail", """trap 'echo "FAILED $? $BASH_COMMAND"' ERR"""]
    for document, region in DOCUMENTS.items():
        script.append(f"export AWS_REGION={region} AWS_DEFAULT_REGION={region}")
        for line, block in blocks(document):
            if is_building(block):
                continue
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


def main(program):
    scratch = pathlib.Path(tempfile.mkdtemp())
    isolate(scratch)
    home = scratch / "home"
    shims(scratch / "bin", program, home)
    home.mkdir()
    run("cp", "-a", REPOSITORY / "deploy", home / "deploy")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BRIDGE_"))}
    inherited |= {"PATH": f"{scratch}/bin:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY / "Tests/DeploymentTests")}
    environment = stand_ins(program, inherited)
    # The commands for the queue leave the configuration out.
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
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
