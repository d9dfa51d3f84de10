#!/bin/sh
# An ARM Python with numpy for tools/exact_matrix.py --arm, run by QEMU's user mode on any Linux.
# Needs Debian's apt-get, dpkg-deb and pip, installs nothing: everything goes into one folder.
#
#     tools/arm_root.sh DIR [PYTHON]
set -eu
dir=$(mkdir -p "$1" && cd "$1" && pwd)
python=$(command -v "${2:-python3}")
case $python in /*) ;; *) python=$PWD/$python ;; esac
apt="$dir/apt"
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources" "$dir/debs" "$dir/wheels"
touch "$apt/status"
for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    if [ -f "$list" ]; then cp "$list" "$apt/sources/$(basename "$list" | sed 's/sources\.list$/main.list/')"; fi
done
cat > "$apt/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources";
CONF
cd "$dir/debs"
apt-get download -q qemu-user-static
export APT_CONFIG="$apt/apt.conf"
apt-get update -q
apt-get download -q libc6 libgcc-s1 libstdc++6 zlib1g libexpat1 libssl3 libffi8 libbz2-1.0 \
    liblzma5 libuuid1 libcrypt1 python3.11-minimal libpython3.11-minimal libpython3.11-stdlib
unset APT_CONFIG
for file in *_arm64.deb; do dpkg-deb -x "$file" "$dir/root"; done
dpkg-deb -x qemu-user-static_*.deb "$dir/qemu"
cp "$dir/qemu/usr/bin/qemu-aarch64-static" "$dir/qemu-aarch64-static"
"$python" -m pip download -q --only-binary=:all: -d "$dir/wheels" --python-version 311 \
    --implementation cp --abi cp311 --abi abi3 --platform manylinux_2_28_aarch64 \
    --platform manylinux_2_27_aarch64 --platform manylinux_2_17_aarch64 \
    --platform manylinux2014_aarch64 \
    numpy safetensors rfc8785 eth-hash pycryptodome pillow
for wheel in "$dir"/wheels/*.whl; do "$python" -m zipfile -e "$wheel" "$dir/site"; done
rm -rf "$apt" "$dir/debs" "$dir/wheels" "$dir/qemu"
echo "$dir is ready: python tools/exact_matrix.py --arm $dir"
