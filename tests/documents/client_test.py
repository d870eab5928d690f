"""The programs in docs/client.md: compiled as they stand, run against a Flow over gRPC and over HTTP (those of GraphQL over
HTTP alone), compared with the output shown there."""
import json
import os
import re
import subprocess
import sys
import tempfile

build, compiler, document = sys.argv[1:4]
source = os.environ["SLUICE_SOURCE"]


def programs(text):
    """(name, program, output) of each ```c block that begins with its file name; the ```text block after it."""
    pattern = r"^```c\n(/\* (\w+)\.c \*/\n.*?)^```\n\n^```text\n(.*?)^```$"
    return [(name, code, output) for code, name, output in re.findall(pattern, text, re.MULTILINE | re.DOTALL)]


def start_flow(flow, *changes):
    read_end, write_end = os.pipe()
    process = subprocess.Popen([f"{build}/bin/sluice", "run", flow, *changes, "--ready-fd", str(write_end)],
                               pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        report = json.loads(pipe.readline())
    assert report["ready"], report
    front = report["gateway"][0]
    return process, f"{front['protocol']}://{front['host']}:{front['port']}"


def compile_program(folder, name, code):
    path = os.path.join(folder, name)
    with open(f"{path}.c", "w") as file:
        file.write(code)
    includes = [f"{source}/client/include", f"{source}/common/include", f"{build}/common/include"]
    subprocess.run([compiler, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", *(f"-I{include}" for include in includes),
                    f"{path}.c", "-o", path, f"-L{build}/lib", "-lsluice", f"-Wl,-rpath,{build}/lib"], check=True)
    return path


def main():
    with open(document) as file:
        found = programs(file.read())
    assert len(found) == 6, f"{len(found)} programs in {document}"
    flows = {"grpc": start_flow(f"{source}/flows/echo.yml"),
             "http": start_flow(f"{source}/flows/echo.yml", "--set", "gateway.protocol=http", "--set",
                                "gateway.expose_graphql_endpoint=true"),
             "websocket": start_flow(f"{source}/flows/echo.yml", "--set", "gateway.protocol=websocket")}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, code, output in found:
                path = compile_program(folder, name, code)
                for protocol in ["http"] if name == "mutate" else list(flows):
                    got = subprocess.run([path, flows[protocol][1]], check=True, stdout=subprocess.PIPE, timeout=60,
                                         text=True).stdout
                    assert got == output, f"{name}.c printed over {protocol}:\n{got}"
                    print(f"{name}.c over {protocol}: as shown")
    finally:
        for flow, _ in flows.values():
            flow.terminate()
            assert flow.wait(60) == 0


main()
