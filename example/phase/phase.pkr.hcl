# What `airshipctl phase run bootstrap` would read: the phase's executor and its entry point.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

data "airship-nodeprofile" "bootstrap" {
  documents = ["${path.root}/manifests/phases"]
  phase     = "bootstrap"
}

source "airship" "bootstrap" {
  profile_yaml     = data.airship-nodeprofile.bootstrap.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.bootstrap"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.bootstrap.profile_yaml
  }
}
