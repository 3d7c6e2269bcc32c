packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "verify_boot" {
  type        = bool
  default     = true
  description = "Boot the finished image and ask it what it is."
}

variable "isolation" {
  type        = string
  default     = "auto"
  description = "Where to build: qemu (a virtual machine), namespace (of this Linux host) or auto."
}

variable "accelerator" {
  type        = string
  default     = "auto"
  description = "What runs virtual machines: kvm, hvf, whpx, tcg (software emulation) or auto."
}

variable "lock_file" {
  type        = string
  default     = ""
  description = "Where the packages' versions are kept, to build the same image again."
}

# Reads and checks the documents; `packer validate` does that too.
data "airship-nodeprofile" "node" {
  documents = ["${path.root}/documents"]
  name      = "control-plane"
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
  accelerator      = var.accelerator
  lock_file        = var.lock_file
}

build {
  sources = ["source.airship.node"]

  # Any provisioner works: it runs in the root filesystem, before the disk exists.
  provisioner "shell" {
    inline = ["echo 'Built with Packer for ${data.airship-nodeprofile.node.platform}' > /etc/motd"]
  }

  # The profile's configuration, and /etc/imagebuilder/meta.
  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }
}
