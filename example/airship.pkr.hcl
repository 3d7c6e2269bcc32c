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

# Reads and checks the documents; `packer validate` does that too.
data "airship-nodeprofile" "node" {
  documents = ["${path.root}/documents"]
  name      = "control-plane"
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
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
