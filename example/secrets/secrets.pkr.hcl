# Documents that sops has encrypted: SOPS_AGE_KEY_FILE=age.key packer build .
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

# What is secret is a reference in profile_yaml; builder and provisioner read the documents again.
data "airship-nodeprofile" "node" {
  documents = ["${path.root}/node.yaml", "${path.root}/secrets.sops.yaml"]
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.node"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }
}
